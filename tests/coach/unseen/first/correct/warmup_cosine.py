import math

import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(0)
TOTAL, WARMUP = 60, 10


def schedule(step):
    if step < WARMUP:
        return (step + 1) / WARMUP
    progress = (step - WARMUP) / (TOTAL - WARMUP)
    return 0.5 * (1 + math.cos(math.pi * progress))


layer = nn.TransformerEncoderLayer(d_model=16, nhead=2, dim_feedforward=32, dropout=0.0, batch_first=True, norm_first=True)
model = nn.ModuleDict({"embed": nn.Embedding(12, 16), "enc": nn.TransformerEncoder(layer, 1, enable_nested_tensor=False), "cls": nn.Linear(16, 2)})
optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, schedule)

for step in range(TOTAL):
    seq = torch.randint(0, 12, (32, 8))
    label = ((seq == 3).sum(1) >= 1).long()
    h = model["enc"](model["embed"](seq)).mean(dim=1)
    loss = F.cross_entropy(model["cls"](h), label)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    scheduler.step()
    if step % 12 == 0:
        print(step, f"{loss.item():.3f}", f"{optimizer.param_groups[0]['lr']:.5f}")
