import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
readings = torch.randn(160, 6) * 900 + 4000  # coach: input-not-normalised; fix: readings = (readings - readings.mean(
kinds = (readings[:, 0] > 4000).long() + (readings[:, 1] > 4000).long()
loader = DataLoader(TensorDataset(readings, kinds), batch_size=32, shuffle=True)
net = nn.Sequential(nn.Linear(6, 24), nn.ReLU(), nn.Linear(24, 3))
opt = torch.optim.SGD(net.parameters(), lr=1e-4)
for epoch in range(3):
    for x, y in loader:
        opt.zero_grad()
        loss = nn.functional.cross_entropy(net(x), y)
        loss.backward()
        opt.step()  # coach-also: suspicious-initial-loss, dead-relu, update-ratio-high, learning-rate-too-high
