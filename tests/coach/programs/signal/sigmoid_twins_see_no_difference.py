import gradbook as torch
from gradbook import nn
from gradbook.nn import functional as F


class Fingerprint(nn.Module):
    """Maps a reading to a code, so that readings of one machine lie close together."""

    def __init__(self, wide=24):
        super().__init__()
        self.enter = nn.Linear(8, wide)
        self.hidden = nn.ModuleList(nn.Linear(wide, wide) for _ in range(8))
        self.code = nn.Linear(wide, 4)

    def forward(self, reading):
        h = torch.sigmoid(self.enter(reading))
        for layer in self.hidden:
            h = torch.sigmoid(layer(h))  # coach: vanishing-gradients; fix: torch.relu(layer(h))
        return self.code(h)


def pairs(machines, how_many=32):
    first = torch.randint(0, len(machines), (how_many,))
    second = torch.randint(0, len(machines), (how_many,))
    noise = lambda: 0.3 * torch.randn(how_many, 8)
    return machines[first] + noise(), machines[second] + noise(), (first == second).float()


torch.manual_seed(13)
machines = 2 * torch.randn(3, 8)
twin = Fingerprint()
optimizer = torch.optim.SGD(twin.parameters(), lr=0.1, momentum=0.9)
for round_ in range(40):
    a, b, same = pairs(machines)
    far = F.pairwise_distance(twin(a), twin(b))
    loss = (same * far**2 + (1 - same) * F.relu(1 - far) ** 2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
# coach-also: degenerate-activation, loss-plateau, constant-predictions
