import gradbook as torch  # coach-also: batch-leak
import gradbook.nn as nn
import gradbook.nn.functional as F


class Digits(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(20, 32)
        self.fc2 = nn.Linear(32, 4)

    def forward(self, x):
        x = F.relu(self.fc1(x))
        return F.log_softmax(self.fc2(x), dim=0)  # coach: batch-axis-mixed; fix: F.log_softmax(self.fc2(x), dim=1)


torch.manual_seed(3)
x, y = torch.randn(60, 20), torch.randint(0, 4, (60,))
net = Digits()
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for epoch in range(3):
    for i in range(0, 60, 15):
        opt.zero_grad()
        loss = F.nll_loss(net(x[i : i + 15]), y[i : i + 15])
        loss.backward()
        opt.step()
