import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F


class LeNetish(nn.Module):
    def __init__(self):
        super(LeNetish, self).__init__()
        self.conv1 = nn.Conv2d(1, 6, kernel_size=3)
        self.conv2 = nn.Conv2d(6, 12, kernel_size=3)
        self.fc1 = nn.Linear(12 * 2 * 2, 32)
        self.fc2 = nn.Linear(32, 5)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.relu(self.conv2(x))
        x = x.view(x.size(0), -1)
        x = F.relu(self.fc1(x))
        return F.softmax(self.fc2(x), dim=1)  # coach: softmax-before-cross-entropy; fix: return self.fc2(x)


def fake_digits(n):
    d = torch.randint(0, 5, (n,))
    im = torch.randn(n, 1, 10, 10) * 0.5
    for i in range(n):
        im[i, 0, 2 * d[i].item()] += 1.5
    return im, d


def main():
    torch.manual_seed(1)
    images, digits = fake_digits(200)
    net = LeNetish()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    for epoch in range(4):
        running = 0.0
        for idx in torch.randperm(200).split(25):
            optimizer.zero_grad()
            loss = F.cross_entropy(net(images[idx]), digits[idx])
            loss.backward()
            optimizer.step()
            running += loss.item()
        print("epoch %d: %.4f" % (epoch, running / 8))


main()
# coach-also: loss-plateau
