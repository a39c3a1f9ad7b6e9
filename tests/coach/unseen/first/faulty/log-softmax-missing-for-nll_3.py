import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset
torch.manual_seed(88)
# Kaggle tabular; BCELoss on raw scores clipped by hand
X = torch.randn(240, 7)
y = (X[:, 1] - X[:, 2] > 0).float()
model = nn.Sequential(nn.Linear(7, 32), nn.ReLU(), nn.Linear(32, 1), nn.ReLU())  # coach: log-softmax-missing-for-nll; fix: nn.Sigmoid()
bce = nn.BCELoss()
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(3):
    for xb, yb in DataLoader(TensorDataset(X, y), batch_size=40, shuffle=True):
        p = model(xb).squeeze(1).clamp(0, 1)
        loss = bce(p, yb)
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(epoch, loss.item())
# coach-also: redundant-activation, dead-relu
