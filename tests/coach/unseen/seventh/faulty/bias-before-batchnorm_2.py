import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(21)


def conv_bn(c_in, c_out, stride=1):
    return nn.Sequential(
        nn.Conv2d(c_in, c_out, 3, stride=stride, padding=1),  # coach: bias-before-batchnorm; fix: bias=False
        nn.BatchNorm2d(c_out),
        nn.ReLU(),
    )


class SmallResNet(nn.Module):
    def __init__(self, classes=3):
        super().__init__()
        self.stem = conv_bn(1, 8, stride=2)
        self.body = conv_bn(8, 8)
        self.head = nn.Linear(8, classes)

    def forward(self, x):
        h = self.stem(x)
        h = h + self.body(h)
        return self.head(h.mean(dim=(2, 3)))


def make_images(n):
    y = torch.randint(0, 3, (n,))
    img = 0.6 * torch.randn(n, 1, 12, 12)
    for i, c in enumerate(y.tolist()):
        if c == 0:
            img[i, 0, ::3, :] += 0.7
        elif c == 1:
            img[i, 0, :, ::3] += 0.7
        else:
            img[i, 0, 3:9, 3:9] += 0.7
    return (img - img.mean()) / img.std(), y


train = DataLoader(TensorDataset(*make_images(384)), batch_size=32, shuffle=True)
val = DataLoader(TensorDataset(*make_images(96)), batch_size=32)
net = SmallResNet()
opt = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)

for epoch in range(3):
    net.train()
    for xb, yb in train:
        opt.zero_grad(set_to_none=True)
        loss = F.cross_entropy(net(xb), yb)
        loss.backward()
        opt.step()
    net.eval()
    with torch.no_grad():
        acc = torch.cat([net(xb).argmax(1) == yb for xb, yb in val]).float().mean()
    print({"epoch": epoch, "loss": round(loss.item(), 4), "val_acc": round(acc.item(), 4)})
