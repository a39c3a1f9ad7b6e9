import gradbook as torch
import gradbook.nn as nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(30, 12)
        self.norm = nn.LayerNorm(12)
        self.hidden = nn.Linear(12, 24)
        self.out = nn.Linear(24, 3)

    def forward(self, tokens):
        pooled = self.norm(self.embed(tokens).mean(dim=1))
        return self.out(torch.relu(self.hidden(pooled)))


def build_groups(model):
    decay, no_decay, emb = [], [], []
    for name, p in model.named_parameters():
        if name.startswith("embed"):
            emb.append(p)
        elif p.ndim == 1:
            no_decay.append(p)
        else:
            decay.append(p)
    return [
        {"params": decay, "weight_decay": 0.05},
        {"params": no_decay, "weight_decay": 0.0},
        {"params": emb, "weight_decay": 0.0, "lr": 1e-2},
    ]


tokens = torch.randint(0, 30, (240, 6))
cls = (tokens.float().mean(1) / 10.0).long().clamp(max=2)
loader = DataLoader(TensorDataset(tokens, cls), batch_size=40, shuffle=True)
weight = 1.0 / torch.bincount(cls, minlength=3).clamp(min=1).float()
weight = weight / weight.mean()

model = Tagger()
optimizer = torch.optim.AdamW(build_groups(model), lr=3e-3)
criterion = nn.CrossEntropyLoss(weight=weight)
for epoch in range(8):
    tot = 0.0
    for t, c in loader:
        optimizer.zero_grad()
        loss = criterion(model(t), c)
        loss.backward()
        optimizer.step()
        tot += loss.item()
    print(epoch, round(tot / len(loader), 4), [g["lr"] for g in optimizer.param_groups])
