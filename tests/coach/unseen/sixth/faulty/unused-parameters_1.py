import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

CARDINALITIES = {"country": 20, "device": 5, "campaign": 40}


class ClickModel(nn.Module):
    """Entity embeddings for the categorical columns, plus the numeric ones."""

    def __init__(self, cardinalities, n_numeric, emb_dim=6, hidden=32):
        super().__init__()
        self.embeddings = [nn.Embedding(size, emb_dim) for size in cardinalities.values()]  # coach: unused-parameters; fix: nn.ModuleList(
        self.hidden = nn.Linear(len(cardinalities) * emb_dim + n_numeric, hidden)
        self.logit = nn.Linear(hidden, 1)

    def forward(self, categorical, numeric):
        looked_up = [emb(categorical[:, j]) for j, emb in enumerate(self.embeddings)]
        h = torch.cat(looked_up + [numeric], dim=1)
        return self.logit(torch.relu(self.hidden(h))).squeeze(1)


def impressions(n=1500, n_numeric=4):
    categorical = torch.stack([torch.randint(0, c, (n,)) for c in CARDINALITIES.values()], dim=1)
    numeric = torch.randn(n, n_numeric)
    effect = [torch.randn(c) for c in CARDINALITIES.values()]
    score = sum(e[categorical[:, j]] for j, e in enumerate(effect)) + numeric[:, 0]
    clicked = (score + 0.3 * torch.randn(n) > 0).float()
    return TensorDataset(categorical, numeric, clicked)


def train(model, loader, epochs=6):
    opt = torch.optim.Adam(model.parameters(), lr=2e-3)  # coach-also: stale-optimizer
    bce = nn.BCEWithLogitsLoss()
    for epoch in range(epochs):
        model.train()
        total = 0.0
        for categorical, numeric, clicked in loader:
            opt.zero_grad()
            loss = bce(model(categorical, numeric), clicked)
            loss.backward()
            opt.step()
            total += loss.item()
        print(f"epoch {epoch}: logloss {total / len(loader):.4f}")


if __name__ == "__main__":
    torch.manual_seed(33)
    loader = DataLoader(impressions(), batch_size=100, shuffle=True)
    model = ClickModel(CARDINALITIES, n_numeric=4)
    print("trainable:", sum(p.numel() for p in model.parameters()))
    train(model, loader)
