import gradbook as torch
from gradbook import nn

reg = nn.Sequential(nn.Linear(5, 10), nn.Tanh(), nn.Linear(10, 1))
loss_fn = nn.MSELoss()
opt = torch.optim.Adam(reg.parameters(), lr=0.01)
x, xv = torch.randn(40, 5), torch.randn(20, 5)
y, yv = x.norm(dim=1, keepdim=True), xv.norm(dim=1, keepdim=True)
history = {"train": [], "val": []}
for epoch in range(8):
    reg.train()
    loss = loss_fn(reg(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    reg.eval()
    val_pred = reg(xv)  # coach: no-grad-missing; fix: with torch.no_grad():
    val_loss = loss_fn(val_pred, yv)
    history["train"].append(loss.item())
    history["val"].append(val_loss.item())
