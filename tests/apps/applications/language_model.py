"""Answers that stream, as a gateway of language models gives them, of FastAPI under uvicorn: tokens every 100 ms, as
events (/v1/chat/completions) or as a JSON object a line (/api/generate)."""

import asyncio
import json

from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

app = FastAPI()
WORDS = "I will take with me the emptiness of my hands . ".split() * 6
PAUSE_S = 0.1


class Prompt(BaseModel):
    """What is asked, and how many words are answered at most; with `silent`, nothing comes for a long time after the first token."""

    prompt: str = ""
    words: int = len(WORDS)
    silent: bool = False


async def tokens(prompt):
    for word in WORDS[: prompt.words]:
        yield word
        await asyncio.sleep(600 if prompt.silent else PAUSE_S)


@app.post("/v1/chat/completions")
async def completions(prompt: Prompt):
    async def events():
        async for word in tokens(prompt):
            delta = {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"content": f"{word} "}}]}
            yield f"data: {json.dumps(delta)}\n\n"
        yield "data: [DONE]\n\n"

    return StreamingResponse(events(), media_type="text/event-stream")


@app.post("/api/generate")
async def generate(prompt: Prompt):
    async def lines():
        async for word in tokens(prompt):
            yield json.dumps({"response": f"{word} ", "done": False}) + "\n"
        yield json.dumps({"response": "", "done": True}) + "\n"

    return StreamingResponse(lines(), media_type="application/x-ndjson")
