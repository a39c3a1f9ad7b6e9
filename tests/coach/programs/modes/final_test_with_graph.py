import gradbook
import gradbook.nn as nn
import gradbook.nn.functional as F
from gradbook.optim import SGD

net = nn.Sequential(nn.Flatten(), nn.Linear(25, 16), nn.ReLU(), nn.Linear(16, 2))
sgd = SGD(net.parameters(), lr=0.2)
images = gradbook.rand(60, 5, 5)
labels = (images.mean(dim=(1, 2)) > 0.5).long()
for epoch in range(5):
    for k in range(0, 40, 20):
        sgd.zero_grad()
        F.cross_entropy(net(images[k : k + 20]), labels[k : k + 20]).backward()
        sgd.step()

net.eval()
hits = total = 0
for k in range(40, 60, 5):
    guess = net(images[k : k + 5]).argmax(1)  # coach: no-grad-missing; fix: with gradbook.no_grad():
    hits += int((guess == labels[k : k + 5]).sum())
    total += len(guess)
print(hits / total)
