"""A GRU on time-major sequences (T, N, C): the batch is the second axis."""
import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
T, N, C = 10, 200, 3


class TimeMajorGRU(nn.Module):
    def __init__(self, channels, hidden, classes):
        super().__init__()
        self.gru = nn.GRU(channels, hidden)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x):
        output, h = self.gru(x)
        return self.fc(h[-1])


labels = torch.randint(0, 3, (N,))
freq = 0.4 + 0.5 * labels.float()
time = torch.arange(T).float().view(T, 1, 1)
phase = 6.28 * torch.rand(1, N, C)
x = torch.sin(time * freq.view(1, N, 1) + phase) + 0.1 * torch.randn(T, N, C)

model = TimeMajorGRU(C, 24, 3)
opt = torch.optim.Adam(model.parameters(), lr=1e-2)
loss_fn = nn.CrossEntropyLoss()
for epoch in range(8):
    total = 0.0
    for idx in torch.randperm(N).split(40):
        opt.zero_grad()
        loss = loss_fn(model(x[:, idx]), labels[idx])
        loss.backward()
        opt.step()
        total += loss.item()
    print(epoch, round(total / 5, 4))
