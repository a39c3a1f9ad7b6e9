import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset
torch.manual_seed(0)
area = torch.randn(250, 4)
price = area @ torch.tensor([3.0, 1.0, -1.0, 0.5]) + 0.2 * torch.randn(250)
ds = TensorDataset(area, price)
loader = DataLoader(ds, batch_size=50, shuffle=True)
model = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 1))
mse = nn.MSELoss()
opt = torch.optim.Adam(model.parameters(), lr=1e-2)
for epoch in range(5):
    for xb, yb in loader:
        opt.zero_grad()
        loss = mse(model(xb), yb)  # coach: target-mismatch; fix: unsqueeze(1)
        loss.backward()
        opt.step()
    print(epoch, loss.item())
# coach-also: silent-broadcast, loss-plateau, constant-predictions
