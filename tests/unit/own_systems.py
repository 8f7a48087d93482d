"""Small systems over the documents of the small pilot, made with the real libraries and models that only look up.

Each function takes documents with `source` and `text`, gives an object of one library. `answer_to` stands in for a
language model: it reads the answer from the passages in the prompt, as the pilot's own reader does.
"""

import os
import re
from collections.abc import Sequence
from typing import Any

os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "False"

PROMPT_TOKENS, COMPLETION_TOKENS = 50, 3


def best(query: str, documents: Sequence[Any]) -> list[Any]:
    """The documents whose file's name is a word of the query, else the first one."""
    named = [one for one in documents if one.source.removesuffix(".md") in query.lower()]
    return named or list(documents[:1])


def answer_to(prompt: str) -> str:
    """The year or the colour in the last passage of a prompt; a refusal for other questions."""
    question = prompt.lower().rpartition("question")[2]
    if "fail" in question:
        raise ConnectionError("the model is away")
    pattern = r"sky is (\w+)" if "sky" in question or "noon" in question else r"once in (\d+ days)"
    found = re.search(pattern, prompt)
    return found[1] if found and "discovered" not in question else "I don't know."


def langchain_retriever(documents: Sequence[Any]) -> Any:
    from langchain_core.documents import Document
    from langchain_core.retrievers import BaseRetriever

    class ByName(BaseRetriever):
        def _get_relevant_documents(self, query: str, *, run_manager: Any) -> list[Any]:
            found = best(query, documents)
            return [Document(page_content=one.text, metadata={"source": f"/srv/{one.source}"}) for one in found]

    return ByName()


def langchain_model() -> Any:
    from langchain_core.language_models.chat_models import BaseChatModel
    from langchain_core.messages import AIMessage
    from langchain_core.outputs import ChatGeneration, ChatResult

    class Looking(BaseChatModel):
        @property
        def _llm_type(self) -> str:
            return "looking"

        def _generate(self, messages: Any, stop: Any = None, run_manager: Any = None, **_: Any) -> ChatResult:
            used = {"input_tokens": PROMPT_TOKENS, "output_tokens": COMPLETION_TOKENS, "total_tokens": 53}
            message = AIMessage(content=answer_to(messages[-1].content), usage_metadata=used)
            return ChatResult(generations=[ChatGeneration(message=message)])

    return Looking()


def langchain_chain(documents: Sequence[Any]) -> Any:
    from langchain_core.output_parsers import StrOutputParser
    from langchain_core.prompts import ChatPromptTemplate
    from langchain_core.runnables import RunnablePassthrough

    prompt = ChatPromptTemplate.from_template("{context}\nQuestion: {question}")
    found = {"context": langchain_retriever(documents), "question": RunnablePassthrough()}
    return found | prompt | langchain_model() | StrOutputParser()


def llama_index_retriever(documents: Sequence[Any]) -> Any:
    from llama_index.core.retrievers import BaseRetriever
    from llama_index.core.schema import NodeWithScore, TextNode

    class ByName(BaseRetriever):
        def _retrieve(self, query_bundle: Any) -> list[Any]:
            found = best(query_bundle.query_str, documents)
            nodes = [TextNode(text=one.text, metadata={"file_name": one.source}) for one in found]
            return [NodeWithScore(node=node, score=0.9 - 0.1 * n) for n, node in enumerate(nodes)]

    return ByName()


def llama_index_engine(documents: Sequence[Any]) -> Any:
    from llama_index.core import PromptTemplate
    from llama_index.core.llms import CompletionResponse, CustomLLM, LLMMetadata
    from llama_index.core.llms.callbacks import llm_completion_callback
    from llama_index.core.query_engine import RetrieverQueryEngine

    class Looking(CustomLLM):
        @property
        def metadata(self) -> Any:
            return LLMMetadata()

        @llm_completion_callback()
        def complete(self, prompt: str, formatted: bool = False, **_: Any) -> Any:
            used = {"prompt_tokens": PROMPT_TOKENS, "completion_tokens": COMPLETION_TOKENS}
            return CompletionResponse(text=answer_to(prompt), additional_kwargs=used)

        @llm_completion_callback()
        def stream_complete(self, prompt: str, formatted: bool = False, **_: Any) -> Any:
            yield self.complete(prompt)

    template = PromptTemplate("{context_str}\nQuestion: {query_str}")
    return RetrieverQueryEngine.from_args(
        llama_index_retriever(documents), llm=Looking(), text_qa_template=template, response_mode="compact"
    )


def haystack_pipeline(documents: Sequence[Any]) -> Any:
    from haystack import Document, Pipeline, component
    from haystack.components.builders import PromptBuilder
    from haystack.components.retrievers.in_memory import InMemoryBM25Retriever
    from haystack.document_stores.in_memory import InMemoryDocumentStore

    @component
    class Looking:
        @component.output_types(replies=list[str], meta=list[dict])
        def run(self, prompt: str) -> dict[str, Any]:
            used = {"prompt_tokens": PROMPT_TOKENS, "completion_tokens": COMPLETION_TOKENS}
            return {"replies": [answer_to(prompt)], "meta": [{"usage": used}]}

    store = InMemoryDocumentStore()
    store.write_documents([Document(content=one.text, meta={"file_path": one.source}) for one in documents])
    pipeline = Pipeline()
    pipeline.add_component("retriever", InMemoryBM25Retriever(store, top_k=1))
    template = "{% for document in documents %}{{ document.content }}{% endfor %}\nQuestion: {{ question }}"
    pipeline.add_component("prompt", PromptBuilder(template, required_variables=["question", "documents"]))
    pipeline.add_component("model", Looking())
    pipeline.connect("retriever.documents", "prompt.documents")
    pipeline.connect("prompt.prompt", "model.prompt")
    return pipeline


def dspy_program(documents: Sequence[Any]) -> Any:
    import dspy

    class Looking(dspy.BaseLM):
        def forward(self, prompt: Any = None, messages: Any = None, **_: Any) -> Any:
            from openai.types.chat import ChatCompletion

            text = answer_to(messages[-1]["content"].partition("Respond with")[0])
            used = {"prompt_tokens": PROMPT_TOKENS, "completion_tokens": COMPLETION_TOKENS, "total_tokens": 53}
            message = {"role": "assistant", "content": f"[[ ## answer ## ]]\n{text}\n\n[[ ## completed ## ]]"}
            choice = {"index": 0, "finish_reason": "stop", "message": message}
            reply = {"id": "x", "object": "chat.completion", "created": 0, "model": "looking", "usage": used}
            return ChatCompletion.model_validate({**reply, "choices": [choice]})

    class Rag(dspy.Module):
        def __init__(self) -> None:
            super().__init__()
            self.respond = dspy.Predict("context, question -> answer")
            self.respond.set_lm(Looking(model="looking"))

        def forward(self, question: str) -> Any:
            found = best(question, documents)
            passages = [{"text": one.text, "source": one.source} for one in found]
            said = self.respond(context="\n".join(one.text for one in found), question=question)
            return dspy.Prediction(answer=said.answer, passages=passages)

    return Rag()
