# Pong helper: where will the ball hit my side? (position + speed -> y)
import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(72)

state = torch.rand(1000, 4) * 2 - 1
pos = state[:, 1] + state[:, 3] * (1 - state[:, 0])
hit = torch.remainder(pos + 1, 4) - 1
hit = torch.where(hit > 1, 2 - hit, hit).unsqueeze(1)
hit = (hit - hit[:800].mean()) / hit[:800].std()
state = (state - state[:800].mean(0)) / state[:800].std(0)

loader = DataLoader(TensorDataset(state[:800], hit[:800]), batch_size=40, shuffle=True)


class PongNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(4, 32)
        self.fc2 = nn.Linear(32, 32)
        self.fc3 = nn.Linear(32, 32)  # coach-line: unused-parameters
        self.out = nn.Linear(32, 1)

    def forward(self, x):
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        x = F.relu(self.fc2(x))  # coach: unused-parameters; fix: self.fc3(
        return self.out(x)


net = PongNet()
print("parameters:", sum(p.numel() for p in net.parameters()))
opt = torch.optim.Adam(net.parameters(), lr=0.003)

for epoch in range(10):
    net.train()
    s = 0.0
    for xb, yb in loader:
        opt.zero_grad()
        loss = F.mse_loss(net(xb), yb)
        loss.backward()
        opt.step()
        s += loss.item()
    net.eval()
    with torch.no_grad():
        test = F.mse_loss(net(state[800:]), hit[800:]).item()
    print(f"{epoch:2d} train {s / len(loader):.3f} test {test:.3f}")
