"""Reports: a run's ``results.json`` rendered as GitHub-flavoured Markdown with plots.

Plain data in, files out: nothing here imports the provers, the kernel or the experiments, so a report can be
rendered again, byte for byte, from the stored results of a run.

- :mod:`reports.schema` reads results, :mod:`reports.fields` knows their fields, and :mod:`reports.consistency` refuses
  those that claim more than they contain.
- :mod:`reports.markdown` and :mod:`reports.numbers` turn texts and numbers into safe Markdown.
- :mod:`reports.graph` says what rests on what, and draws it as a Mermaid flowchart.
- :mod:`reports.plots` draws the figures, :mod:`reports.png` reads them back.
- :mod:`reports.page`, :mod:`reports.words` and :mod:`reports.alerts` prepare what the template prints, and
  :mod:`reports.scalar` renders it.
- :mod:`reports.gallery` keeps the committed examples up to date.
"""
