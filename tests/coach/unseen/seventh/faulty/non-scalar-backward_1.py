# bike rentals per hour, some hours should count less
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(77)

hours = torch.rand(400) * 24
warm = torch.randn(400)
x = torch.stack([torch.sin(hours * 0.2618), torch.cos(hours * 0.2618), warm], dim=1)
bikes = (x[:, 0] * 1.5 - x[:, 1] + 0.5 * warm + 0.1 * torch.randn(400)).unsqueeze(1)
weight = torch.where(hours < 6, torch.tensor(0.3), torch.tensor(1.0)).unsqueeze(1)

loader = DataLoader(TensorDataset(x, bikes, weight), batch_size=25, shuffle=True)

net = nn.Sequential(nn.Linear(3, 20), nn.Tanh(), nn.Linear(20, 1))
criterion = nn.MSELoss(reduction="none")
optimizer = torch.optim.Adam(net.parameters(), lr=0.01)

for epoch in range(5):
    running = 0.0
    for xb, yb, wb in loader:
        optimizer.zero_grad()
        pred = net(xb)
        loss = criterion(pred, yb) * wb  # coach-line: non-scalar-backward
        loss.backward()  # coach: non-scalar-backward; fix: .mean()
        optimizer.step()
        running += loss.sum().item()
    print("epoch", epoch, "loss", running / 400)
