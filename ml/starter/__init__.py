"""The starter: entry and activity models for a site that has no labels yet.

`worlds` keeps what was computed of one simulated world, `views` takes whole families
of traces away, `build` learns, `measure` judges, `shipped` reads the files that lie
here, and `audits` moves a starter's probabilities to what a site's audits found.
"""
