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
- :mod:`reports.render` renders the results of any model.
- :mod:`reports.gallery` keeps the committed examples up to date.
"""
