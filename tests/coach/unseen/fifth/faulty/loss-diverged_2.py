import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(23)


class HyperNet(nn.Module):
    def __init__(self, d=8, h=32):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(d, h), nn.ReLU(), nn.Linear(h, h), nn.ReLU(), nn.Linear(h, 1))

    def forward(self, x):
        return self.body(x).squeeze(1)


X = torch.randn(512, 8)
coef = torch.randn(8)
Y = X @ coef + 0.5 * X[:, 0] * X[:, 1]
Y = (Y - Y.mean()) / Y.std()

critic = HyperNet()
opt = torch.optim.SGD(critic.parameters(), lr=1.5, momentum=0.9)  # coach: loss-diverged
history = []
for epoch in range(5):
    for chunk in torch.randperm(len(X)).split(64):
        pred = critic(X[chunk])
        loss = F.mse_loss(pred, Y[chunk])
        opt.zero_grad()
        loss.backward()
        opt.step()
        history.append(loss.item())
    print(epoch, history[-1])
# coach-also: learning-rate-too-high
# coach-also: exploding-gradients
