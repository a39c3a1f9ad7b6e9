# %% imports and config
import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

cfg = {"vocab": 200, "dim": 24, "classes": 4, "bs": 32, "epochs": 8}
torch.manual_seed(0)

# %% tickets: each class prefers its own slice of the vocabulary
n = 960
labels = torch.randint(0, cfg["classes"], (n,))
common = torch.randint(0, cfg["vocab"], (n, 6))
topical = labels[:, None] * 50 + torch.randint(0, 50, (n, 6))
tokens = torch.cat([common, topical], dim=1)
loader = DataLoader(TensorDataset(tokens, labels), batch_size=cfg["bs"], shuffle=True)


# %% model
class BagClassifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(cfg["vocab"], cfg["dim"])
        self.fc = nn.Linear(cfg["dim"], cfg["dim"])
        self.out = nn.Linear(cfg["dim"], cfg["classes"])

    def forward(self, ids):
        pooled = self.emb(ids).mean(dim=1)
        return self.out(F.relu(self.fc(pooled)))


clf = BagClassifier()
opt = torch.optim.SGD(clf.parameters(), lr=1e-6, momentum=0.9)  # coach: learning-rate-too-low; fix: lr=

# %% fit
for epoch in range(cfg["epochs"]):
    total = correct = 0
    for ids, lab in loader:
        logits = clf(ids)
        loss = F.cross_entropy(logits, lab)
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item() * len(lab)  # coach-also: update-ratio-low
        correct += (logits.argmax(1) == lab).sum().item()
    print(f"epoch {epoch}: loss {total / n:.4f} acc {correct / n:.3f}")  # coach-also: loss-plateau
