import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
torch.manual_seed(0)
# (T, B, F) sensor data handed to a batch_first model
T, B = 12, 20
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(6, 16, 3, padding=1)
        self.head = nn.Linear(16, 3)
    def forward(self, x):                     # x: (T, B, 6)
        x = x.reshape(x.size(1), x.size(2), x.size(0))  # coach: batch-axis-mixed; fix: permute(1, 2, 0)
        h = F.relu(self.conv(x)).mean(-1)
        return self.head(h)
net = Model()
opt = torch.optim.Adam(net.parameters(), lr=5e-3)
for i in range(25):
    x = torch.randn(T, B, 6)
    y = x.mean(0)[:, :3].argmax(1)
    loss = F.cross_entropy(net(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if i % 8 == 0:
        print(i, loss.item())
# coach-also: batch-leak, loss-plateau
