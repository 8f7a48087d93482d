"""A random two-layer BERT with a word-piece tokenizer, for tests of the span reader that take no weights."""

from pathlib import Path

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
SAID = "what who when where how long is the of a in it warranty lasts months kettle price was born paris costs"


def write_tiny_bert(folder: Path, seed: int = 0) -> Path:
    """The folder of the model and its tokenizer, as sentence-transformers names the files."""
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
    from transformers import BertConfig, BertModel

    folder.mkdir(parents=True, exist_ok=True)
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokens = [*special, *LETTERS, *(f"##{letter}" for letter in LETTERS), *SAID.split()]
    vocabulary = {token: i for i, token in enumerate(dict.fromkeys([*tokens, *".,:;?!()|-*"]))}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.save(str(folder / "tokenizer.json"))
    torch.manual_seed(seed)
    shape = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
    config = BertConfig(vocab_size=len(vocabulary), max_position_embeddings=512, initializer_range=0.3, **shape)
    BertModel(config).eval().save_pretrained(folder)
    return folder
