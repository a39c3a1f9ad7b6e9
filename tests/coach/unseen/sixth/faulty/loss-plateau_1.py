import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


def load_subscribers(n=1200, d=8):
    usage = torch.randn(n, d)
    renewed = (1.5 * usage[:, 0] - usage[:, 2] + usage[:, 4] > 0).float()
    return usage, renewed


def prepare(usage, renewed, train_share=0.8):
    """Mixes the rows, cuts off a holdout, scales by the training part."""
    n = usage.shape[0]
    usage = usage[torch.randperm(n)]
    renewed = renewed[torch.randperm(n)]  # coach: loss-plateau
    cut = int(n * train_share)
    mu, sd = usage[:cut].mean(0), usage[:cut].std(0)
    usage = (usage - mu) / sd
    return (usage[:cut], renewed[:cut]), (usage[cut:], renewed[cut:])


class RenewalModel(nn.Module):
    def __init__(self, d, hidden=16):
        super().__init__()
        self.hidden = nn.Linear(d, hidden)
        self.logit = nn.Linear(hidden, 1)

    def forward(self, x):
        return self.logit(torch.relu(self.hidden(x))).squeeze(-1)


def train(model, loader, epochs=12):
    opt = torch.optim.Adam(model.parameters(), lr=1e-3)
    bce = nn.BCEWithLogitsLoss()
    for epoch in range(epochs):
        model.train()
        losses = []
        for xb, yb in loader:
            opt.zero_grad()
            loss = bce(model(xb), yb)
            loss.backward()
            opt.step()
            losses.append(loss.item())
        if epoch % 3 == 0:
            print(f"epoch {epoch}: {sum(losses) / len(losses):.4f}")


torch.manual_seed(61)
(x_tr, y_tr), (x_te, y_te) = prepare(*load_subscribers())
model = RenewalModel(x_tr.shape[1])
train(model, DataLoader(TensorDataset(x_tr, y_tr), batch_size=64, shuffle=True))
model.eval()
with torch.no_grad():
    print("test accuracy", ((model(x_te) > 0).float() == y_te).float().mean().item())
