# regression of the log attenuation of a material (always below zero)
import gradbook as torch
from gradbook import nn, optim

torch.manual_seed(5)
thickness = torch.rand(200, 3) * 2 - 1
log_att = -1.5 - 0.5 * thickness[:, :1] ** 2 + 0.3 * thickness[:, 1:2]


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(3, 24),
            nn.ReLU(),
            nn.Linear(24, 1),
            nn.ReLU(),  # coach: dead-relu
        )

    def forward(self, x):
        return self.layers(x)


net = Net()
criterion = nn.MSELoss()
optimizer = optim.Adam(net.parameters(), lr=0.01)
for epoch in range(15):
    for b in torch.randperm(200).split(50):
        optimizer.zero_grad()
        loss = criterion(net(thickness[b]), log_att[b])
        loss.backward()
        optimizer.step()
    if epoch % 3 == 0:
        print(f"epoch {epoch} loss {loss.item():.4f}")
# coach-also: loss-plateau, constant-predictions, degenerate-activation, stale-optimizer, vanishing-gradients
