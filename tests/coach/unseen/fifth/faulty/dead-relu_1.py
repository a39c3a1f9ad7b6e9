import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(21)
x = torch.randn(480, 8)
y = (x[:, 0] + torch.sin(2 * x[:, 1])).unsqueeze(1)
y = (y - y.mean()) / y.std()
dl = DataLoader(TensorDataset(x, y), batch_size=32, shuffle=True)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(8, 64)
        self.fc2 = nn.Linear(64, 32)
        self.fc3 = nn.Linear(32, 1)
        # start sparse
        nn.init.constant_(self.fc1.bias, -2.5)  # coach: dead-relu

    def forward(self, x):
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        return self.fc3(x)


net = Net()
opt = torch.optim.SGD(net.parameters(), lr=0.02)
for epoch in range(8):
    run = 0.0
    for xb, yb in dl:
        loss = F.mse_loss(net(xb), yb)
        opt.zero_grad()
        loss.backward()
        opt.step()
        run += loss.item()
    print("epoch", epoch, "mse", run / len(dl))  # coach-also: bad-init
with torch.no_grad():
    h = F.relu(net.fc1(x))
print("active:", (h > 0).float().mean().item())  # coach-also: degenerate-activation
