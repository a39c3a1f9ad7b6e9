import gradbook as torch
import gradbook.nn as nn


def conv_block(c_in, c_out):
    return nn.Sequential(
        nn.Conv2d(c_in, c_out, kernel_size=3, padding=1),  # coach: bias-before-batchnorm; fix: padding=1, bias=False)
        nn.BatchNorm2d(c_out),
        nn.LeakyReLU(0.1),
        nn.MaxPool2d(2),
    )


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(conv_block(3, 8), conv_block(8, 8))
        self.head = nn.Linear(8 * 4, 2)

    def forward(self, x):
        return self.head(self.body(x).flatten(1))


net = Net()
opt = torch.optim.Adam(net.parameters())
loss_fn = nn.CrossEntropyLoss()
for _ in range(3):
    loss = loss_fn(net(torch.rand(6, 3, 8, 8)), torch.randint(0, 2, (6,)))
    opt.zero_grad()
    loss.backward()
    opt.step()
