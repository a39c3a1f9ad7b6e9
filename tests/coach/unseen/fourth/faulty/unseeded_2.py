import gradbook as torch  # coach-line: unseeded
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset, random_split
# ablation: how much does the hidden width matter?


def make_data(n=240):
    x = torch.randn(n, 10)  # coach: unseeded; fix: manual_seed
    y = (x[:, :3].sum(1) + 0.5 * x[:, 3] * x[:, 4] > 0).long()
    return TensorDataset(x, y)


def run(width, train_ds, val_ds):
    loader = DataLoader(train_ds, batch_size=20, shuffle=True)
    net = nn.Sequential(nn.Linear(10, width), nn.ReLU(), nn.Dropout(0.2), nn.Linear(width, 2))  # coach-line: unseeded
    opt = torch.optim.Adam(net.parameters(), lr=3e-3)
    ce = nn.CrossEntropyLoss()
    for _ in range(6):
        net.train()
        for xb, yb in loader:
            opt.zero_grad()
            ce(net(xb), yb).backward()
            opt.step()
    net.eval()
    with torch.no_grad():
        xv, yv = next(iter(DataLoader(val_ds, batch_size=len(val_ds))))
        return (net(xv).argmax(1) == yv).float().mean().item()


def main():
    data = make_data()  # coach-line: unseeded
    train_ds, val_ds = random_split(data, [180, 60])
    results = {w: run(w, train_ds, val_ds) for w in (8, 32)}
    for w, acc in results.items():
        print(f"width {w}: {acc:.3f}")


if __name__ == "__main__":  # coach-line: unseeded
    main()
