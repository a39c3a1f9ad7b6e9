import gradbook as torch
import gradbook.nn as nn

torch.manual_seed(0)
raw = torch.randn(160, 4)
price = (raw[:, 0] * 2 - raw[:, 2] + 0.3 * torch.randn(160)).unsqueeze(1)
inputs = torch.cat([raw, price], dim=1)  # coach: leak-suspected; fix: inputs = raw
net = nn.Sequential(nn.Linear(5, 16), nn.ReLU(), nn.Linear(16, 1))
opt = torch.optim.Adam(net.parameters(), lr=5e-3)
for i in range(25):
    rows = torch.randint(0, 160, (40,))
    loss = nn.functional.mse_loss(net(inputs[rows]), price[rows])
    opt.zero_grad()
    loss.backward()
    opt.step()
