import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset
torch.manual_seed(70)
# iris-like, y read from a csv as float
X = torch.randn(120, 4)
y = (X[:, 0] > 0).float() + (X[:, 1] > 0).float()
dl = DataLoader(TensorDataset(X, y), batch_size=24, shuffle=True)
iris_net = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 3))
optimizer = torch.optim.Adam(iris_net.parameters(), lr=1e-2)
ce = nn.CrossEntropyLoss()
for epoch in range(2):
    for xb, yb in dl:
        optimizer.zero_grad()
        loss = ce(iris_net(xb), yb)  # coach: target-mismatch; fix: yb.long()
        loss.backward()
        optimizer.step()
