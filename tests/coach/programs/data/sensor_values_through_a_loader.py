import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
pressure = 101325 + 500 * torch.randn(200, 1)
temperature = 20 + 5 * torch.randn(200, 1)
wind = torch.rand(200, 1)
X = torch.hstack([pressure, temperature, wind])  # coach: input-not-normalised; fix: X.std(
Y = (temperature > 20).float()
loader = DataLoader(TensorDataset(X, Y), batch_size=25, shuffle=True)
net = nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, 1))
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for epoch in range(3):
    for x, y in loader:
        loss = nn.functional.binary_cross_entropy_with_logits(net(x), y)
        opt.zero_grad()
        loss.backward()
        opt.step()  # coach-also: dead-relu
