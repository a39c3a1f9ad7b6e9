import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset
torch.manual_seed(0)
X = torch.randn(200, 5)
y = (X @ torch.tensor([1.0, -1, 0.5, 0, 2]) > 0).float().unsqueeze(1)
model = nn.Sequential(nn.Linear(5, 16), nn.ReLU(), nn.Linear(16, 1), nn.Sigmoid())  # coach: sigmoid-before-bce-with-logits; fix: nn.Linear(16, 1))
loss_fn = nn.BCEWithLogitsLoss()
opt = torch.optim.Adam(model.parameters(), lr=1e-2)
for ep in range(5):
    for a, b in DataLoader(TensorDataset(X, y), batch_size=25, shuffle=True):
        loss = loss_fn(model(a), b)
        opt.zero_grad(); loss.backward(); opt.step()
    print(ep, loss.item())
