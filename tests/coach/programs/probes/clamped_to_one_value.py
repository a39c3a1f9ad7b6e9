import gradbook as torch
import gradbook.nn as nn


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc = nn.Linear(10, 6)
        self.dec = nn.Linear(6, 10)

    def forward(self, x):
        z = torch.sigmoid(self.enc(x))
        z = z.clamp(min=1.0)  # coach: degenerate-activation; fix: z = z
        return self.dec(z)


class AutoencoderTrainer:
    def __init__(self):
        self.net = Encoder()
        self.sgd = torch.optim.SGD(self.net.parameters(), lr=0.05)

    def run(self, batches):
        for b in batches:
            self.sgd.zero_grad()
            ((self.net(b) - b) ** 2).mean().backward()
            self.sgd.step()


AutoencoderTrainer().run([torch.rand(16, 10) for _ in range(15)])
