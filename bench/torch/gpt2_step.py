"""The rival: GPT-2 training steps in PyTorch eager mode, as a competent person writes them.

A child process driven by JSON lines, so that a benchmark in Node can run tsgpt and PyTorch in turn on the same machine:

    start    -> {"ready": true, "torch": "1.13.0", "parameters": 809856, "threads": 2, "blas": "..."}
    {"steps": n} -> {"seconds": [one per step], "loss": x, "peakBytes": n}
    {"product": n} -> {"gflops": x, "exact": true}: a product of two n-by-n matrices
    {"exit": true} ends it, as does the end of its input.

One step is forward, backward, gradient clipping and the AdamW update. The tokens of a step are made before the clock starts. With `--weights`, a
safetensors file, the model begins with those weights, so that its losses must be those of the other side.

The BLAS library behind PyTorch decides its speed, and so does the way its threads wait: `torch-settings.ts` tries what the machine has.
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
        if hasattr(F, "scaled_dot_product_attention"):  # since PyTorch 2.0; never holds all scores
            mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
            return self.project(mixed.transpose(1, 2).reshape(batch, steps, width))
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


class Tokens:
    """The same tokens as in `our-step.ts`: a linear congruential generator."""

    def __init__(self, vocab):
        self.vocab = vocab
        self.state = 1337

    def batch(self, batch, context):
        ids = []
        for _ in range(batch * (context + 1)):
            self.state = (self.state * 1664525 + 1013904223) % 2**32
            ids.append((self.state >> 8) % self.vocab)
        tokens = torch.tensor(ids).view(batch, context + 1)
        return tokens[:, :-1].contiguous(), tokens[:, 1:].contiguous()


def load_weights(model, path):
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        data = file.read()
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        tensors[name] = torch.frombuffer(bytearray(data[begin:end]), dtype=torch.float32).view(entry["shape"])
    model.load_state_dict(tensors)


def product(size):
    """The rate of a matrix product, the best of five, and whether it is right: integers this small have exact products."""
    a = (torch.arange(size * size) * 7 % 11 - 5).view(size, size).float()
    b = (torch.arange(size * size) * 5 % 13 - 6).view(size, size).float()
    best = math.inf
    for _ in range(5):
        start = time.perf_counter()
        c = a @ b
        best = min(best, time.perf_counter() - start)
    rows = torch.tensor([0, size // 2, size - 1])
    exact = (a[rows].long().unsqueeze(2) * b.long().unsqueeze(0)).sum(1)
    return {"gflops": 2 * size**3 / best / 1e9, "exact": torch.equal(c[rows].long(), exact)}


def main():
    parser = argparse.ArgumentParser()
    for name in ("layers", "heads", "width", "context", "batch", "vocab"):
        parser.add_argument("--" + name, type=int, required=True)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--weights")
    # The defaults are the faster choices on a CPU, measured in turn in one process (PyTorch 1.13: foreach AdamW is a third slower).
    parser.add_argument("--optimizer", choices=("loop", "foreach"), default="loop")
    parser.add_argument("--clip", choices=("loop", "foreach"), default="foreach")
    args = parser.parse_args()

    torch.set_num_threads(args.threads)
    tokens = Tokens(args.vocab)
    model = GPT2(args.layers, args.heads, args.width, args.context, args.vocab)
    if args.weights:
        load_weights(model, args.weights)
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
        if "product" in request:
            answer(product(request["product"]))
            continue
        seconds, loss = [], None
        for _ in range(request["steps"]):
            ids, targets = tokens.batch(args.batch, args.context)
            start = time.perf_counter()
            loss = train_step(model, optimizer, ids, targets, clip)
            seconds.append(time.perf_counter() - start)
        answer(
            {
                "seconds": seconds,
                "loss": None if loss is None else loss.item(),
                "peakBytes": peak_memory(),
            }
        )


def peak_memory():
    """The largest resident set of this process in bytes. ru_maxrss would be at least that of the process that started it."""
    try:
        with open("/proc/self/status") as status:
            return 1024 * next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))
    except OSError:
        return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    main()
