import gradbook as torch
from gradbook import nn

torch.manual_seed(71)
N = 300
X = torch.randn(N, 20)
y = (X[:, 0] + 0.8 * torch.randn(N) > 0).long()

perm = torch.randperm(N)
n_train = int(0.1 * N)  # coach: overfitting
train_idx, val_idx = perm[:n_train], perm[n_train:]

model = nn.Sequential(nn.Linear(20, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 2))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)


def accuracy(logits, labels):
    return (logits.argmax(1) == labels).float().mean().item()


for epoch in range(30):
    model.train()
    for b in train_idx[torch.randperm(n_train)].split(15):
        optimizer.zero_grad()
        out = model(X[b])
        loss = criterion(out, y[b])
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        val_out = model(X[val_idx])
        val_loss = criterion(val_out, y[val_idx]).item()
    if epoch % 3 == 0:
        print(f"{epoch:3d} train {loss.item():.3f} acc {accuracy(out, y[b]):.2f} | "
              f"val {val_loss:.3f} acc {accuracy(val_out, y[val_idx]):.2f}")
