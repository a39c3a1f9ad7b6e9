import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, Subset, TensorDataset

torch.manual_seed(8)
N, K = 200, 4
x = torch.randn(N, 4)
y = (x[:, 0] + x[:, 1] * x[:, 2]).unsqueeze(1)
ds = TensorDataset(x, y)
folds = torch.randperm(N).chunk(K)
scores = []

for k in range(K):
    val_idx = folds[k].tolist()
    train_idx = torch.cat([folds[j] for j in range(K) if j != k]).tolist()
    model = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    criterion = nn.MSELoss()
    loader = DataLoader(Subset(ds, train_idx), batch_size=50, shuffle=True)
    model.train()
    for epoch in range(15):
        for xb, yb in loader:
            optimizer.zero_grad()
            loss = criterion(model(xb), yb)
            loss.backward()
            optimizer.step()
    model.eval()
    with torch.no_grad():
        score = criterion(model(x[val_idx]), y[val_idx]).item()
    scores.append(score)
    print(f"fold {k}: train {loss.item():.3f} val {score:.3f}")
print("mean", sum(scores) / K)
