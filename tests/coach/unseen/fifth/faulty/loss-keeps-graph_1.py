# %%
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(10)
# %%
area = 50 + 100 * torch.rand(400, 1)
rooms = torch.randint(1, 6, (400, 1)).float()
age = 40 * torch.rand(400, 1)
feats = torch.cat([area, rooms, age], dim=1)
price = 2.0 * area + 15 * rooms - 1.2 * age + 5 * torch.randn(400, 1)
feats = (feats - feats.mean(0)) / feats.std(0)
price = (price - price.mean()) / price.std()
dl = DataLoader(TensorDataset(feats, price), batch_size=40, shuffle=True)
# %%
reg = nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, 1))
opt = torch.optim.Adam(reg.parameters(), lr=0.01)
mse = nn.MSELoss()
# %%
history = []
for epoch in range(6):
    epoch_loss = 0
    for xb, yb in dl:
        loss = mse(reg(xb), yb)
        opt.zero_grad()
        loss.backward()
        opt.step()
        epoch_loss += loss  # coach: loss-keeps-graph; fix: loss.item()
    history.append(epoch_loss / len(dl))  # coach-also: memory-growth
    print("epoch", epoch, "loss", float(history[-1]))
