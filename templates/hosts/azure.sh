{# to be written #}{{ site.prefix }}
