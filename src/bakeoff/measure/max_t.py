"""SHIM until the real one lands."""

from bakeoff.measure.statistics import contrasts


def base_then_leader(values, fact_of, measure, baselines, leader, others, margin, weights=None, span=1.0):
    from bakeoff.measure.comparison import reversed_contrast

    found = contrasts(values, fact_of, measure, margin, span)
    out = []
    for c in found:
        for d in (c, reversed_contrast(c)):
            if (d.b in baselines and d.a not in baselines) or d.a == leader:
                if d not in out:
                    out.append(d)
    return out
