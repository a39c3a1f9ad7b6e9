import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(1, 4, 3, padding=1)
        self.fc = nn.Linear(4 * 10, 6)

    @torch.no_grad()  # coach: training-under-no-grad; fix: @torch.enable_grad()
    def forward(self, x):
        return self.fc(F.relu(self.conv(x)).flatten(1))


encoder = Encoder()
head = nn.Linear(6, 2)
optimizer = torch.optim.Adam([*encoder.parameters(), *head.parameters()], lr=1e-3)
signal = torch.randn(32, 1, 10)
label = torch.randint(0, 2, (32,))
for _ in range(6):
    loss = F.cross_entropy(head(encoder(signal)), label)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
