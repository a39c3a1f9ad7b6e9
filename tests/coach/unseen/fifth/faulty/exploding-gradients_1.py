import gradbook as torch
from gradbook import nn

torch.manual_seed(13)
SEQ, HID = 25, 24


class VanillaRNN(nn.Module):
    """h_t = relu(x_t Wx + h_{t-1} Wh + b)"""

    def __init__(self):
        super().__init__()
        self.Wx = nn.Parameter(0.3 * torch.randn(1, HID))
        self.Wh = nn.Parameter(0.38 * torch.randn(HID, HID))  # coach: exploding-gradients
        self.b = nn.Parameter(torch.zeros(HID))
        self.out = nn.Linear(HID, 1)

    def forward(self, x):
        h = torch.zeros(x.size(0), HID)
        for t in range(x.size(1)):
            h = torch.relu(x[:, t] @ self.Wx + h @ self.Wh + self.b)  # coach-line: exploding-gradients
        return self.out(h)


phase = 6.28 * torch.rand(320, 1)
grid = torch.arange(SEQ + 1).float().view(1, -1) * 0.3
waves = torch.sin(grid + phase)
inp, tgt = waves[:, :SEQ].unsqueeze(2), waves[:, SEQ:]

rnn = VanillaRNN()
opt = torch.optim.SGD(rnn.parameters(), lr=1e-3)
for epoch in range(4):  # coach-also: nan-origin
    perm = torch.randperm(320)
    for i in range(0, 320, 32):
        k = perm[i:i + 32]
        loss = ((rnn(inp[k]) - tgt[k]) ** 2).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()  # coach-line: exploding-gradients
    print(epoch, loss.item())  # coach-also: loss-diverged
print("done")  # coach-also: bad-init
