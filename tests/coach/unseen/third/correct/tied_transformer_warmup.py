import argparse
import math

import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.optim.lr_scheduler import LambdaLR
from gradbook.utils.data import DataLoader, TensorDataset


class TinyGPT(nn.Module):
    def __init__(self, vocab, length, dim, heads, layers):
        super().__init__()
        self.tok = nn.Embedding(vocab, dim)
        self.pos = nn.Embedding(length, dim)
        self.blocks = nn.ModuleList([
            nn.TransformerEncoderLayer(dim, heads, 2 * dim, dropout=0.0, activation="gelu", batch_first=True, norm_first=True)
            for _ in range(layers)])
        self.norm = nn.LayerNorm(dim)
        self.lm_head = nn.Linear(dim, vocab, bias=False)
        for emb in (self.tok, self.pos):
            nn.init.normal_(emb.weight, std=0.1)
        self.lm_head.weight = self.tok.weight
        self.register_buffer("mask", torch.triu(torch.full((length, length), float("-inf")), diagonal=1))

    def forward(self, ids):
        h = self.tok(ids) + self.pos(torch.arange(ids.shape[1]))
        for block in self.blocks:
            h = block(h, src_mask=self.mask)
        return self.lm_head(self.norm(h))


def param_groups(model, weight_decay):
    decay = [p for p in model.parameters() if p.ndim >= 2]
    rest = [p for p in model.parameters() if p.ndim < 2]
    return [{"params": decay, "weight_decay": weight_decay}, {"params": rest, "weight_decay": 0.0}]


def warmup_cosine(warmup, total):
    def scale(step):
        if step < warmup:
            return (step + 1) / warmup
        return 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * (step - warmup) / (total - warmup)))
    return scale


def main(args):
    torch.manual_seed(args.seed)
    start, stride = torch.randint(0, 11, (384, 1)), torch.randint(1, 4, (384, 1))
    seq = (start + stride * torch.arange(args.length + 1)) % 11
    loader = DataLoader(TensorDataset(seq), batch_size=32, shuffle=True)
    model = TinyGPT(11, args.length, dim=32, heads=4, layers=2)
    optimizer = torch.optim.AdamW(param_groups(model, 0.05), lr=args.lr, betas=(0.9, 0.95))
    scheduler = LambdaLR(optimizer, warmup_cosine(args.warmup, args.epochs * len(loader)))
    for epoch in range(args.epochs):
        model.train()
        total = 0.0
        for (s,) in loader:
            loss = F.cross_entropy(model(s[:, :-1]).transpose(1, 2), s[:, 1:])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            scheduler.step()
            total += loss.item()
        print(f"epoch {epoch} loss {total / len(loader):.4f} lr {scheduler.get_last_lr()[0]:.2e}")


main(argparse.Namespace(seed=13, length=8, lr=4e-3, epochs=5, warmup=6))
