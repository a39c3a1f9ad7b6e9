import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset
torch.manual_seed(0)
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(8, 32)
        self.fc2 = nn.Linear(32, 4)
    def forward(self, x):
        x = F.relu(self.fc1(x))
        return self.fc2(x)  # coach: log-softmax-missing-for-nll; fix: log_softmax
X = torch.randn(200, 8)
y = X[:, :4].argmax(1)
loader = DataLoader(TensorDataset(X, y), batch_size=40, shuffle=True)
net = Net()
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for epoch in range(5):
    for a, b in loader:
        opt.zero_grad()
        loss = F.nll_loss(net(a), b)
        loss.backward()
        opt.step()
    print(epoch, loss.item())
# coach-also: loss-diverged
