import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


def load_customers(n=2400, d=8):
    feats = torch.randn(n, d)
    churned = (feats @ torch.randn(d) + 0.3 * torch.randn(n) > 0).float()
    return feats, churned


def shuffled(feats, labels):
    n = len(feats)
    feats = feats[torch.randperm(n)]  # coach-line: loss-plateau
    labels = labels[torch.randperm(n)]  # coach: loss-plateau; fix: perm
    return feats, labels


def build(d):
    return nn.Sequential(nn.Linear(d, 16), nn.ReLU(), nn.Linear(16, 1))


def main():
    torch.manual_seed(17)
    feats, labels = shuffled(*load_customers())
    cut = int(0.8 * len(feats))
    train_dl = DataLoader(TensorDataset(feats[:cut], labels[:cut]), batch_size=64, shuffle=True)
    model = build(feats.shape[1])
    opt = torch.optim.Adam(model.parameters(), lr=2e-3)
    bce = nn.BCEWithLogitsLoss()
    for epoch in range(10):
        model.train()
        tot = 0.0
        for xb, yb in train_dl:
            opt.zero_grad()
            loss = bce(model(xb).squeeze(-1), yb)
            loss.backward()
            opt.step()
            tot += loss.item() * len(xb)
        model.eval()
        with torch.no_grad():
            vl = bce(model(feats[cut:]).squeeze(-1), labels[cut:]).item()
        print(f"[{epoch}] train {tot / cut:.4f} valid {vl:.4f}")


main()
