"""Reports: a run's ``results.json`` rendered as GitHub-flavoured Markdown with plots.

Plain data in, files out: nothing here imports the provers, the kernel or the experiments, so a report can be
rendered again, byte for byte, from the stored results of a run.

- :mod:`reports.schema` reads results. :mod:`reports.fields` knows the fields that all models share and those of the
  scalar one, :mod:`reports.regression_fields` those of the squared regression model, both by the checks of
  :mod:`reports.checks`; :mod:`reports.consistency` and :mod:`reports.regression_consistency` refuse results that claim
  more than they contain.
- :mod:`reports.markdown` and :mod:`reports.numbers` turn texts and numbers into safe Markdown.
- :mod:`reports.graph` says what rests on what, and draws it as a Mermaid flowchart.
- :mod:`reports.plots` is what all figures share; :mod:`reports.scalar_plots` and :mod:`reports.regression_plots` draw
  them, and :mod:`reports.png` reads them back.
- :mod:`reports.page`, :mod:`reports.words` and :mod:`reports.alerts` prepare what the template ``base.md.j2`` prints,
  :mod:`reports.scalar` and :mod:`reports.regression` (with their ``_words``) what those of the models add to it.
- :mod:`reports.limit_plots`, :mod:`reports.plane_plots` and :mod:`reports.region_plots` draw certified orbits and
  regions (a tree of cells, :mod:`reports.paving`); :mod:`reports.figures` and its ``_fields``, ``_consistency`` and
  ``_words`` put them on one page; :mod:`reports.bounds` rounds exact bounds to the safe side.
- :mod:`reports.render` renders the results of any model.
- :mod:`reports.gallery` keeps the committed examples up to date.
"""
