"""The rival: GPT-2 training steps in PyTorch eager mode, as a competent person writes them.

A child process driven by JSON lines, so that a benchmark in Node can run tsgpt and PyTorch in turn on the same machine:

    start    -> {"ready": true, "torch": "1.13.0", "parameters": 809856, "threads": 2, "blas": "..."}
    {"steps": n} -> {"seconds": [one per step], "loss": x, "peakBytes": n}
    {"exit": true} ends it, as does the end of its input.

One step is forward, backward, gradient clipping and the AdamW update. The random tokens of the step are drawn before the clock
starts.

The BLAS library behind PyTorch decides its speed, and Debian picks one by alternatives: with the reference BLAS a step takes
over ten times as long. Two settings of OpenBLAS are worth comparing with, and the better one is the rival:

    LD_LIBRARY_PATH=/usr/lib/x86_64-linux-gnu/openblas-openmp                            fastest on an idle machine
    the same, or openblas-pthread, with OMP_WAIT_POLICY=passive                          where cores are shared

The default policy lets waiting threads spin: with the pthread flavour, or beside any other busy process, they spin against the
threads that have work. The first answer names the library in use as "blas".
"""

import argparse
import json
import math
import os
import resource
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F


class Attention(nn.Module):
    """Causal self-attention with one joint projection for queries, keys and values."""

    def __init__(self, width, heads, context):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.project = nn.Linear(width, width)
        future = torch.ones(context, context, dtype=torch.bool).triu(1)
        self.register_buffer("future", future, persistent=False)

    def forward(self, x):
        batch, steps, width = x.shape
        head_shape = (batch, steps, self.heads, width // self.heads)
        q, k, v = (part.view(head_shape).transpose(1, 2) for part in self.qkv(x).split(width, dim=2))
        # Scales the queries, not the scores: there are steps / head width times fewer of them.
        scores = (q * (1.0 / math.sqrt(q.size(-1)))) @ k.transpose(-2, -1)  # [batch, heads, steps, steps]
        weights = F.softmax(scores.masked_fill(self.future[:steps, :steps], float("-inf")), dim=-1)
        return self.project((weights @ v).transpose(1, 2).reshape(batch, steps, width))


class Block(nn.Module):
    def __init__(self, width, heads, context):
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attention = Attention(width, heads, context)
        self.norm2 = nn.LayerNorm(width)
        self.expand = nn.Linear(width, 4 * width)
        self.shrink = nn.Linear(4 * width, width)

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.shrink(F.gelu(self.expand(self.norm2(x)), approximate="tanh"))


class GPT2(nn.Module):
    def __init__(self, layers, heads, width, context, vocab):
        super().__init__()
        self.tokens = nn.Embedding(vocab, width)
        self.positions = nn.Embedding(context, width)
        self.blocks = nn.Sequential(*(Block(width, heads, context) for _ in range(layers)))
        self.norm = nn.LayerNorm(width)
        self.apply(initialise)
        for block in self.blocks:  # GPT-2 scales the layers that add to the residual stream by the depth
            for linear in (block.attention.project, block.shrink):
                nn.init.normal_(linear.weight, std=0.02 / math.sqrt(2 * layers))

    def forward(self, ids, targets):
        x = self.tokens(ids) + self.positions.weight[: ids.size(1)]
        logits = F.linear(self.norm(self.blocks(x)), self.tokens.weight)  # the head is tied to the embedding
        return F.cross_entropy(logits.view(-1, logits.size(-1)), targets.view(-1))


def initialise(module):
    if isinstance(module, (nn.Linear, nn.Embedding)):
        nn.init.normal_(module.weight, std=0.02)
    if isinstance(module, nn.Linear):
        nn.init.zeros_(module.bias)


def make_optimizer(model, foreach):
    """AdamW that decays matrices only: biases and norms are left alone."""
    parameters = list(model.parameters())
    groups = [
        {"params": [p for p in parameters if p.dim() >= 2], "weight_decay": 0.1},
        {"params": [p for p in parameters if p.dim() < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=1e-3, betas=(0.9, 0.95), eps=1e-8, foreach=foreach)


def clip_foreach(parameters, limit):
    """clip_grad_norm_ with its foreach option, which PyTorch has only since 2.0."""
    gradients = [p.grad for p in parameters]
    norm = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients)))
    torch._foreach_mul_(gradients, torch.clamp(limit / (norm + 1e-6), max=1.0).item())


def train_step(model, optimizer, ids, targets, clip):
    optimizer.zero_grad(set_to_none=True)
    loss = model(ids, targets)
    loss.backward()
    clip(list(model.parameters()), 1.0)
    optimizer.step()
    return loss


def blas_in_use():
    """The file of the BLAS library in this process, or None where that cannot be told (no Linux, or BLAS built in)."""
    try:
        with open("/proc/self/maps") as maps:
            mapped = {line.split()[-1] for line in maps if "libblas.so" in line}
    except OSError:
        return None
    return min(mapped, default=None)


def main():
    parser = argparse.ArgumentParser()
    for name in ("layers", "heads", "width", "context", "batch", "vocab"):
        parser.add_argument("--" + name, type=int, required=True)
    parser.add_argument("--threads", type=int, default=2)
    # The defaults are the faster choices on a CPU, measured in turn in one process (PyTorch 1.13: foreach AdamW is a third slower).
    parser.add_argument("--optimizer", choices=("loop", "foreach"), default="loop")
    parser.add_argument("--clip", choices=("loop", "foreach"), default="foreach")
    args = parser.parse_args()

    torch.set_num_threads(args.threads)
    torch.manual_seed(1337)
    model = GPT2(args.layers, args.heads, args.width, args.context, args.vocab)
    optimizer = make_optimizer(model, foreach=args.optimizer == "foreach")
    clip = clip_foreach if args.clip == "foreach" else nn.utils.clip_grad_norm_

    def answer(message):
        print(json.dumps(message), flush=True)

    answer(
        {
            "ready": True,
            "torch": torch.__version__,
            "parameters": sum(p.numel() for p in model.parameters()),
            "threads": torch.get_num_threads(),
            "blas": blas_in_use(),
        }
    )
    for line in sys.stdin:
        request = json.loads(line)
        if request.get("exit"):
            return
        seconds, loss = [], None
        for _ in range(request["steps"]):
            tokens = torch.randint(args.vocab, (args.batch, args.context + 1))
            ids, targets = tokens[:, :-1].contiguous(), tokens[:, 1:].contiguous()
            start = time.perf_counter()
            loss = train_step(model, optimizer, ids, targets, clip)
            seconds.append(time.perf_counter() - start)
        answer(
            {
                "seconds": seconds,
                "loss": None if loss is None else loss.item(),
                # Linux counts the largest resident set in KiB.
                "peakBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            }
        )


if __name__ == "__main__":
    main()
