# %% [1]
import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

torch.manual_seed(0)
x = torch.rand(40, 8)
labels = (x.sum(1) > 4).long()


class SemiSupervised(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Linear(8, 6)
        self.decoder = nn.Linear(6, 8)
        self.classifier = nn.Linear(6, 2)

    def forward(self, x, supervised=False):
        code = torch.relu(self.encoder(x))
        return self.classifier(code) if supervised else self.decoder(code)


# %% [2]
net = SemiSupervised()
optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
# %% [3]
for _ in range(10):
    loss = F.mse_loss(net(x), x)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
# %% [4]
for _ in range(10):
    loss = F.cross_entropy(net(x, supervised=True), labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
# %% [5]
with torch.no_grad():
    print((net(x, supervised=True).argmax(1) == labels).float().mean().item())
