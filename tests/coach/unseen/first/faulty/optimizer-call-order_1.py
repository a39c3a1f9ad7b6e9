import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset
torch.manual_seed(0)
feats = torch.randn(300, 6)
price = feats @ torch.tensor([1.0, -2.0, 0.5, 0.0, 0.3, 1.5]) + 0.1 * torch.randn(300)
dl = DataLoader(TensorDataset(feats, price.unsqueeze(1)), batch_size=50, shuffle=True)
reg = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 1))
opt = torch.optim.Adam(reg.parameters(), lr=1e-2)
loss_fn = nn.MSELoss()
for epoch in range(5):
    for xb, yb in dl:
        pred = reg(xb)
        loss = loss_fn(pred, yb)
        loss.backward()
        opt.zero_grad()  # coach: optimizer-call-order; fix: opt.zero_grad()
        opt.step()
    print(epoch, loss.item())
# coach-also: stale-optimizer, loss-plateau
