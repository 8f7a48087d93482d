"""The API of OpenAI as clients use it: models, chat completions, responses and embeddings, streaming and not.

`requests` reads what clients send; `chat`, `responses`, `embeddings` and `models` write what they get; `routes` joins
them to a `bakeoff.serve.answering.Answering`. Only `routes`, `body`, `replies` and `sse` know the web framework.

Source: the API reference at platform.openai.com/docs/api-reference, and what the official Python client reads.
"""
