"""Short names of recipes to where they are, and of what each is made. Third parties add theirs by entry point or path.

>>> RECIPES["rag"]
'bakeoff.contenders.rag.Rag'
"""

RECIPES = {
    "base": "bakeoff.contenders.base.Base",
    "rag": "bakeoff.contenders.rag.Rag",
    "tuned": "bakeoff.contenders.tuned.Tuned",
    "hybrid": "bakeoff.contenders.hybrid.Hybrid",
    "extract": "bakeoff.contenders.extract.Extract",
    "faq": "bakeoff.contenders.faq.Faq",
    "router": "bakeoff.contenders.router.Router",
    "cascade": "bakeoff.contenders.cascade.Cascade",
    "long-context": "bakeoff.contenders.long_context.LongContext",
    "rag-sequence": "bakeoff.contenders.rag_sequence.RagSequence",
    "rag-token": "bakeoff.contenders.rag_token.RagToken",
    "rag-tuned": "bakeoff.contenders.rag_tuned.RagTuned",
    "nearest-label": "bakeoff.contenders.nearest_label.NearestLabel",
    "label-head": "bakeoff.contenders.label_head.LabelHead",
    "generator-label-head": "bakeoff.contenders.generator_label_head.GeneratorLabelHead",
    "generator-labels": "bakeoff.contenders.generator_labels.GeneratorLabels",
    "drqa": "bakeoff.contenders.drqa.DrQa",
    "endpoint": "bakeoff.contenders.endpoint.Endpoint",
    "recorded": "bakeoff.contenders.recorded.Recorded",
    "own-retriever": "bakeoff.contenders.own_retriever.OwnRetriever",
}
LIVE = "bakeoff.learn.live.Live"
"""The recipe of what is served, in a round of learning. It has no short name: nobody else uses it."""
STANDARD = ("base", "rag", "tuned", "hybrid", "extract", "faq", "router", "cascade", "long-context")
"""The contenders of a run that names none. The other recipes take more time or are for special questions."""
CLASSIFYING = ("nearest-label", "label-head", "generator-label-head", "generator-labels")
"""The contenders of a run with `task: classify` that names none."""
MADE_OF = {"hybrid": ("rag", "tuned")}
"""Recipes whose set-up needs the work of others, beside those that send questions to others."""
ENTRY_POINTS = "bakeoff.contenders"
"""The entry-point group in which installed packages name their recipes."""
