import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset, random_split


class ChurnAttention(nn.Module):
    """Scores a customer from the last weeks of activity, pooling the weeks by attention."""

    def __init__(self, n_feats=6, hidden=32):
        super().__init__()
        self.embed = nn.Linear(n_feats, hidden)
        self.score = nn.Linear(hidden, 1)
        self.head = nn.Linear(hidden, 2)

    def forward(self, weeks):                       # (customers, weeks, features)
        h = torch.tanh(self.embed(weeks))
        attn = F.softmax(self.score(h), dim=0)  # coach: batch-leak; fix: dim=1
        pooled = (attn * h).sum(dim=1)
        return self.head(pooled)


def make_customers(n=800, weeks=10, feats=6):
    x = torch.randn(n, weeks, feats)
    y = (x[:, :, 0].mean(1) + 0.5 * x[:, :, 2].mean(1) > 0).long()
    return TensorDataset(x, y)


def run_epoch(model, loader, optimizer=None):
    model.train(optimizer is not None)
    total, correct, seen = 0.0, 0, 0
    for weeks, churned in loader:
        logits = model(weeks)
        loss = F.cross_entropy(logits, churned)
        if optimizer is not None:
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        total += loss.item() * len(churned)
        correct += (logits.argmax(1) == churned).sum().item()
        seen += len(churned)
    return total / seen, correct / seen


torch.manual_seed(5)
train_set, val_set = random_split(make_customers(), [640, 160])
train_loader = DataLoader(train_set, batch_size=64, shuffle=True)
val_loader = DataLoader(val_set, batch_size=160)
model = ChurnAttention()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
for epoch in range(8):
    tr_loss, tr_acc = run_epoch(model, train_loader, optimizer)
    with torch.no_grad():
        va_loss, va_acc = run_epoch(model, val_loader)
    print(f"{epoch}: train {tr_loss:.3f}/{tr_acc:.2f} val {va_loss:.3f}/{va_acc:.2f}")
