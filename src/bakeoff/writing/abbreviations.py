"""Abbreviations that end with a full stop, of European languages and Hindi, in lower case without that stop.

Three kinds: those that never end a sentence, those that do not before a figure, and those that do if the next word is
one that often begins a sentence. All languages are used together: few texts say which language they are in.
"""

_OPEN = {
    "en": "mr mrs ms dr prof rev st mt gen sgt capt lt approx e.g i.e eg ie cf vs viz resp dept est incl excl",
    "de": "z.b d.h u.a u.ä o.ä i.d.r z.t bzw ca evtl ggf inkl exkl zzgl vgl sog bspw dipl ing geb gegr tel zb dh allg "
    "med gem ust.-id mwst s.o s.u v.a nr nrn str",
    "fr": "mlle mlles pr ste c.-à-d c-à-d p.ex ex env bd boul tél réf éd",
    "es": "ee uu sra srta sres dra dña ud uds p.ej ej avda aprox depto núm n.º nº n°",
    "it": "sig sigg sig.ra dott dott.ssa avv p.es v.le rif",
    "pt": "srs exmo",
    "nl": "dhr mevr drs bijv m.b.t o.a d.w.z i.p.v t.o.v t.a.v evt",
    "scandinavian": "f.eks bl.a dvs ekskl tlf t.ex s.k",
    "pl": "np tzn tzw m.in ul inż mgr pow św",
    "cs": "např tzv tj mj pí popř",
    "ru": "т.е т.н т.к напр г-н г-жа ул тел проф им",
    "uk": "т.зв вул ім",
    "tr": "örn sn bkz yak",
    "fi": "esim ks ns puh ts",
    "hi": "डॉ प्रो श्री",
}
_BEFORE_FIGURES = (
    "no nos fig figs abb tab vol p pp pg s ss sec sect ch chap kap cap art arts para abs ziff eq ed aufl ref vers "
    "ver rev op pos apt č čís rys poz п с ст рис табл гл max min mind"
)
_PERHAPS = (
    "etc usw u.s.w usf uvm u.v.m inc ltd co corp llc plc bros jr sr a.m p.m am pm u.s u.k e.u u.n d.c ph.d b.sc "
    "m.sc ecc i.t.d itd itp apod т.д т.п osv o.s.v enz hr hrs min sec lb lbs oz ft mm av"
)
_OPENERS = (
    "why what where who how which can will only "
    "the this that these those it its he she we you they i a an in on at for from if when while after before but "
    "and or so then there here however please see do does is are no yes not our your their his her with to as by "
    "all each every der die das den dem ein eine einen es er sie wir ihr ich dann wenn im am bei für nach vor "
    "aber und oder nicht bitte diese dieser dieses auch so zum zur mit auf le la les l' un une des il elle ils "
    "elles nous vous je on si pour mais et ou ce cette ces dans après avant avec el los las una unos ella ellos "
    "si para pero y o este esta estos en después antes con no lo gli un' uno egli essa noi voi se per ma e questo "
    "questa dopo prima os as um uma ele ela eles nós não mas este esta depois antes com de het een hij zij wij u "
    "als voor maar en of deze dit na met det den en ett et han hon hun vi ni du om för men og och denna dette "
    "efter to ten ta te on ona my jeśli ale i po przed это он она они мы вы если но и после для в на при не bu şu "
    "o biz siz eğer ama ve için"
)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


OPEN = frozenset().union(*map(_words, _OPEN.values()))
"""A full stop after one of these ends no sentence."""
BEFORE_FIGURES = _words(_BEFORE_FIGURES)
"""A full stop after one of these ends no sentence if a figure follows."""
PERHAPS = _words(_PERHAPS)
"""A full stop after one of these ends a sentence if one of OPENERS follows, with a capital."""
OPENERS = _words(_OPENERS)
"""Words that often begin a sentence."""
