"""What an account's own conduct says of it, before anybody else is looked at.

Rings are looked for by what accounts share; so what they share is left out here, or it
would be counted twice. The shipped starter was taught on copies of accounts of which
whole views were missing, and answers for these as for any other. It stays the judge of
conduct whatever a site trains: a ring pass depends on facts and on code alone.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml.calibrate import logit
from ml.features import FEATURES, catalogue_hash
from ml.frames import FeatureFrame
from ml.starter import BASE_RATE
from ml.starter.shipped import shipped

SHARED: Final = "LNK"  # the family of features that count what accounts share


def own_evidence(frame: FeatureFrame) -> NDArray[np.float64]:
    """Return log-likelihood ratios [accounts]: abusive against honest, in nats.

    `frame` holds all features of today's catalogue. 0 says nothing; a frame without
    accounts gives none. Raise ModelFileError where the shipped files were changed.
    """
    values = frame.values.copy()
    linked = [feature.name for feature in FEATURES if feature.family == SHARED]
    values[:, [frame.names.index(name) for name in linked]] = np.nan
    alone = FeatureFrame(
        frame.account_ids, frame.names, values, frame.has_usage, frame.catalogue
    )
    found = np.zeros(len(frame.account_ids))
    for kind, chosen in (("activity", frame.has_usage), ("entry", ~frame.has_usage)):
        if not chosen.any():
            continue
        model = shipped(kind, catalogue=catalogue_hash())
        margins = model.margins(model.values(alone.rows(chosen))).tolist()
        chance = [model.manifest.calibration.probability(one) for one in margins]
        clear = np.clip(chance, 1e-6, 1.0 - 1e-6)
        found[chosen] = np.log(clear) - np.log1p(-clear) - logit(BASE_RATE)
    return found
