import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset
SEED = 2024
torch.manual_seed(SEED)

class TextClassifier(nn.Module):
    """bag of embeddings"""
    def __init__(self, n_words=50, dim=16, n_cls=3):
        super().__init__()
        self.bag = nn.EmbeddingBag(n_words, dim, mode="mean")
        self.out = nn.Linear(dim, n_cls)
    def forward(self, tok):
        return self.out(self.bag(tok))

tokens = torch.randint(0, 50, (240, 8))
labels = (tokens < 17).sum(1).div(3, rounding_mode="floor").clamp(max=2)
train_loader = DataLoader(TensorDataset(tokens[:200], labels[:200]), batch_size=40, shuffle=True)
model = TextClassifier()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)

def train_one_epoch(model, loader):
    model.train()
    total = 0.0
    for tok, lab in loader:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(tok), lab)
        loss.backward()  # coach: optimizer-call-order; fix: optimizer.step()
        total += loss.item() * len(lab)
    return total / len(loader.dataset)

for ep in range(4):
    tr = train_one_epoch(model, train_loader)
    model.eval()
    with torch.no_grad():
        va = F.cross_entropy(model(tokens[200:]), labels[200:]).item()
    print(f"[{ep}] train {tr:.4f} val {va:.4f}")
# coach-also: stale-optimizer, loss-plateau
