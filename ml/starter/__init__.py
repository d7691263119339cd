"""The starter: entry and activity models for a site that has no labels yet.

`worlds` keeps what was computed of one simulated world, `views` takes whole families
of traces away, `build` learns, `measure` judges, `shipped` reads the files that lie
here, and `audits` moves a starter's probabilities to what a site's audits found.
"""

from typing import Final

# One account in a hundred is abusive. An assumption about providers, not a property
# of the worlds, of which a tenth is; a site's random audits replace it.
BASE_RATE: Final = 0.01
